package orchestration

import (
	"regexp"

	"github.com/aws/aws-sdk-go/aws"
	awsecs "github.com/aws/aws-sdk-go/service/ecs"
)

// volumes checks the volumes of a definition.
func (v *violations) volumes(at string, volumes []*awsecs.Volume) {
	seen, atLaunch := map[string]bool{}, 0
	for i, volume := range volumes {
		on, name := item(at, i), aws.StringValue(volume.Name)
		v.check(namePattern.MatchString(name), on+"/Name", nameRule)
		v.check(!seen[name], on+"/Name", "the name %s stands twice", name)
		seen[name] = true
		v.volume(on, volume)
		if aws.BoolValue(volume.ConfiguredAtLaunch) {
			atLaunch++
		}
		v.check(atLaunch <= 1, on+"/ConfiguredAtLaunch", "only one volume can be configured at launch")
	}
}

func (v *violations) volume(at string, volume *awsecs.Volume) {
	v.unsupported(at+"/DockerVolumeConfiguration", volume.DockerVolumeConfiguration != nil)
	v.unsupported(at+"/Host/SourcePath", volume.Host != nil && volume.Host.SourcePath != nil)
	if files := volume.EfsVolumeConfiguration; files != nil {
		v.fileSystem(at+"/EfsVolumeConfiguration", files)
	}
	if files := volume.FsxWindowsFileServerVolumeConfiguration; files != nil && files.AuthorizationConfig != nil {
		parameter := files.AuthorizationConfig.CredentialsParameter
		v.text(
			at+"/FsxWindowsFileServerVolumeConfiguration/AuthorizationConfig/CredentialsParameter",
			parameter,
			readableARN,
			"must be the ARN of a secret or a parameter",
		)
	}
}

var fileSystemPattern = regexp.MustCompile(`^fs-[0-9a-zA-Z]+$`)

// fileSystem checks an EFS volume: access points and IAM need encryption on the way, and an access point has a root of its own.
func (v *violations) fileSystem(at string, in *awsecs.EFSVolumeConfiguration) {
	v.text(at+"/FileSystemId", in.FileSystemId, fileSystemPattern, "must be the id of a file system: fs-...")
	v.oneOf(at+"/TransitEncryption", in.TransitEncryption, awsecs.EFSTransitEncryption_Values()...)
	v.within(at+"/TransitEncryptionPort", in.TransitEncryptionPort, 1, maxPort)
	access := in.AuthorizationConfig
	if access == nil {
		return
	}
	v.oneOf(at+"/AuthorizationConfig/Iam", access.Iam, awsecs.EFSAuthorizationConfigIAM_Values()...)
	point, root := aws.StringValue(access.AccessPointId) != "", aws.StringValue(in.RootDirectory)
	guarded := point || aws.StringValue(access.Iam) == awsecs.EFSAuthorizationConfigIAMEnabled
	v.check(
		!guarded || aws.StringValue(in.TransitEncryption) == awsecs.EFSTransitEncryptionEnabled,
		at+"/TransitEncryption",
		"must be ENABLED with an access point or IAM",
	)
	v.check(!point || root == "" || root == "/", at+"/RootDirectory", "an access point has a root of its own")
}

// volumeConfigurations checks the volumes that a service makes for its tasks. (API reference of ServiceManagedEBSVolumeConfiguration.)
func (v *violations) volumeConfigurations(at string, configurations []*awsecs.ServiceVolumeConfiguration) {
	for i, configuration := range configurations {
		disk, on := configuration.ManagedEBSVolume, item(at, i)+"/ManagedEBSVolume"
		v.check(disk != nil, on, "is required")
		if disk == nil {
			continue
		}
		kind := aws.StringValue(disk.VolumeType)
		v.oneOf(on+"/VolumeType", disk.VolumeType, "gp2", "gp3", "io1", "io2", "st1", "sc1")
		v.check(disk.Iops != nil || kind != "io1" && kind != "io2", on+"/Iops", "is required for %s", kind)
		v.within(on+"/Iops", disk.Iops, 100, 256000)
		v.within(on+"/SizeInGiB", disk.SizeInGiB, 1, 16384)
		v.check(disk.SizeInGiB != nil || disk.SnapshotId != nil, on+"/SizeInGiB", "a size or a snapshot is required")
		v.check(disk.Throughput == nil || kind == "gp3" || kind == "", on+"/Throughput", "only gp3 takes a throughput")
		v.within(on+"/Throughput", disk.Throughput, 1, 1000)
		v.oneOf(on+"/FilesystemType", disk.FilesystemType, "ext3", "ext4", "xfs", "ntfs")
		v.check(aws.StringValue(disk.RoleArn) != "", on+"/RoleArn", "a role is required")
		v.role(on+"/RoleArn", disk.RoleArn)
	}
}

// volumeTags checks the tags of the volumes that are made for tasks.
func (v *violations) volumeTags(at, org string, configurations []*awsecs.ServiceVolumeConfiguration) {
	for i, configuration := range configurations {
		if configuration.ManagedEBSVolume == nil {
			continue
		}
		for j, specification := range configuration.ManagedEBSVolume.TagSpecifications {
			v.tags(item(item(at, i)+"/ManagedEBSVolume/TagSpecifications", j)+"/Tags", org, nil, specification.Tags)
		}
	}
}

// configuredVolumes checks that exactly what the definition leaves to be configured at launch is configured.
func (v *violations) configuredVolumes(at string, configurations []*awsecs.ServiceVolumeConfiguration, volumes []*awsecs.Volume) {
	open := map[string]bool{}
	for _, volume := range volumes {
		open[aws.StringValue(volume.Name)] = aws.BoolValue(volume.ConfiguredAtLaunch)
	}
	for i, configuration := range configurations {
		name := aws.StringValue(configuration.Name)
		v.check(open[name], item(at, i)+"/Name", "the definition has no volume %s that is configured at launch", name)
		open[name] = false
	}
	for _, name := range sortedKeys(open) {
		v.check(!open[name], at, "the volume %s is to be configured", name)
	}
}
